/**
 * A recording as JSON that fits into a page: messages say the same again and again, so each wording stands once and frames
 * refer to it by number. `unpack` runs in the page.
 */

import type { MessageWords } from '../record/phrase.ts';
import type { FrameFate, RecordedFrame, Recording } from '../record/recording.ts';

/** sentAt, how long it took, from, to, fate, wordings. */
type PackedFrame = readonly [number, number, number, number, FrameFate, readonly number[]];

interface Packed {
  readonly recording: Omit<Recording, 'frames'>;
  readonly words: readonly MessageWords[];
  readonly frames: readonly PackedFrame[];
}

export function pack(recording: Recording): string {
  const { frames, ...others } = recording;
  const words: MessageWords[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (item: MessageWords): number => {
    const key = JSON.stringify(item);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, words.length);
    words.push(item);
    return words.length - 1;
  };
  const packed: Packed = {
    recording: others,
    words,
    frames: frames.map(({ sentAt, endedAt, from, to, fate, items }) => [
      sentAt,
      endedAt - sentAt,
      from,
      to,
      fate,
      items.map(numberOf),
    ]),
  };
  return JSON.stringify(packed);
}

export function unpack(text: string): Recording {
  const { recording, words, frames } = JSON.parse(text) as Packed;
  const whole = frames.map(
    ([sentAt, took, from, to, fate, items]): RecordedFrame => ({
      sentAt,
      endedAt: sentAt + took,
      from,
      to,
      fate,
      items: items.map((item) => words[item] as MessageWords),
    }),
  );
  return { ...recording, frames: whole };
}
