/** A list that forgets its oldest half when it grows too long: memory stays bounded however long a run is. */

export class Bounded<T> {
  items: T[] = [];
  /** How many were forgotten. */
  dropped: number = 0;
  private readonly max: number;
  private readonly onDrop: (item: T) => void;

  /** @param max items kept at least; twice as many at most. @param onDrop called for each that is forgotten, oldest first. */
  constructor(max: number, onDrop: (item: T) => void = () => undefined) {
    this.max = max;
    this.onDrop = onDrop;
  }

  push(item: T): void {
    this.items.push(item);
    if (this.items.length < 2 * this.max) return;
    for (const old of this.items.slice(0, this.max)) this.onDrop(old);
    this.items = this.items.slice(this.max);
    this.dropped += this.max;
  }
}
