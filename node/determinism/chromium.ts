/**
 * Chromium, where one is installed (VOUCH_CHROMIUM names another place): the determinism matrix runs seeds in it, and tests look
 * at pages with it. Without one they say so.
 */
import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';

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

/** Loaded when it is wanted: what drives a browser is no dependency of Vouch, only of its tests. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  const { chromium } = await import('playwright-core');
  return chromium.launch({ executablePath, args: FLAGS });
}
