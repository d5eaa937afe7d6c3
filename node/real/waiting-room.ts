/** What waits until a direction opens, in the order in which it came. */
export class WaitingRoom {
  private waiting: (() => void)[] = [];

  wait(act: () => void): void {
    this.waiting.push(act);
  }

  open(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const act of waiting) act();
  }
}
