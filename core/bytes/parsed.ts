/** What a text from outside amounts to, or in words why it is refused: the reader is a person with a file. Never an exception. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

export function refused(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

/** The same where a verification has stages: which of them refuses, and why. */
export function refusedAt<S extends string>(
  stage: S,
  reason: string,
): { readonly ok: false; readonly stage: S; readonly reason: string } {
  return { ok: false, stage, reason };
}

/** A decimal without leading zeros, of at most 2^53 - 1; undefined for anything else. */
export function parseDecimal(text: string): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : undefined;
}
