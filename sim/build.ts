/**
 * What is installed on a virtual machine, next to this build: one whose nodes speak another version on their links, so that this build's
 * refuse their frames and they refuse these; or one that decides as an older one did, with what was added since switched off.
 */

export const BUILDS = ['this', 'otherWire', 'olderCore'] as const;
export type Build = (typeof BUILDS)[number];

/** Installed where nobody says otherwise. */
export const THIS_BUILD: Build = 'this';
