/**
 * A 128-bit hash of a text, for seeding: every code unit passes through all four lanes, each step is a bijection of
 * the state, and the last rounds spread every bit over every lane. Not cryptographic.
 */

const finishingRounds = 8;

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

/**
 * Four signed 32-bit integers, never all zero, that depend on every character of `key` and on its length.
 *
 * @example
 * keyHash("seed 1").length; // 4
 */
export function keyHash(key: string): [number, number, number, number] {
  let a = 0x6a09e667 | 0;
  let b = 0xbb67ae85 | 0;
  let c = 0x3c6ef372 | 0;
  let d = 0xa54ff53a | 0;
  const absorb = (word: number): void => {
    a = Math.imul(rotated(a ^ word, 13), 0x9e3779b1);
    b = Math.imul(rotated(b ^ a ^ (a >>> 15), 17), 0x85ebca77);
    c = Math.imul(rotated(c ^ b ^ (b >>> 13), 11), 0xc2b2ae3d);
    d = Math.imul(rotated(d ^ c ^ (c >>> 16), 19), 0x27d4eb2f);
    a ^= d ^ (d >>> 14);
  };
  for (let index = 0; index < key.length; index++) absorb(key.charCodeAt(index));
  absorb(key.length);
  for (let round = 1; round <= finishingRounds; round++) absorb(Math.imul(round, 0x9e3779b9));
  return a === 0 && b === 0 && c === 0 && d === 0 ? [1, 0, 0, 0] : [a, b, c, d];
}
