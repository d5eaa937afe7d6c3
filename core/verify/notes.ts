/** The `vouch/verify/notes` sub-path: checkpoints, their notes, keys and names, to read, write and check by themselves, and what a client remembers of them. */
// biome-ignore-all lint/performance/noBarrelFile: the one place where this sub-path says what is public
export { fromBase64, toBase64 } from '../bytes/base64.ts';
export { decodeCheckpoint, encodeCheckpoint } from '../note/checkpoint.ts';
export { decodeVkey, encodeVkey, SignatureType } from '../note/key.ts';
export { compareWithLast, type Progress } from '../note/last-accepted.ts';
export { nodeKeyName, parseNodeKeyName, parseVaultOrigin, type VaultName, vaultOrigin } from '../note/names.ts';
export { decodeNote, encodeNote, type NoteSignature, type SignedNote } from '../note/note.ts';
export { checkNote, type PolicyVerdict } from '../note/policy.ts';
export { decodeReceipt, encodeReceipt, type Receipt } from '../receipt/format.ts';
