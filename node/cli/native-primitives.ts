/** The engine's own cryptography, for simulated runs. */
import type { Primitives } from '../../sim/primitives.ts';
import { nativeHasher } from '../hasher.ts';
import { nativeSigningKeys } from '../keys/native-signing.ts';

export const nativePrimitives: Primitives = { sha256: nativeHasher, ed25519: nativeSigningKeys };
