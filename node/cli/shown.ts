/**
 * Texts of a file that somebody else made, as they may stand in a line on a terminal. A name that no vault would admit can be proven
 * absent all the same, and with a line break in it, or with what moves a cursor or turns the direction of writing, it would say what
 * the verifier did not: each such character is shown as its escape.
 */

/** Controls of ASCII and Latin-1, breaks of lines and paragraphs, marks and overrides of direction. */
const MISLEADING: RegExp = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

function escapeOf(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The text without anything that a terminal would act on. */
export function shown(text: string): string {
  return text.replace(MISLEADING, escapeOf);
}
