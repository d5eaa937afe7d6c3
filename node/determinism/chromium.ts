/**
 * The browser of the tests that need one: a Chromium that is installed (VOUCH_CHROMIUM names another place). Without one those
 * tests are reported as skipped, with the reason.
 */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PLACES = [process.env.VOUCH_CHROMIUM ?? '', '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Where it is; undefined where none is. */
export const chromiumPath: string | undefined = PLACES.find((place) => place !== '' && existsSync(place));

export function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: FLAGS });
}
