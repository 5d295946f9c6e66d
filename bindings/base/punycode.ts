/**
 * Punycode (RFC 3492), the way back: from the letters of an A-label to those of the U-label.
 *
 * Each text has one encoding, and only that one is read: two A-labels never mean one U-label.
 */

const BASE = 36;
const DIGITS = "abcdefghijklmnopqrstuvwxyz0123456789";
const LAST_CODE_POINT = 0x10ffff;

/** @param text what follows `xn--`, in lower case @returns undefined when it is no Punycode */
export function decodePunycode(text: string): string | undefined {
  const border = Math.max(text.lastIndexOf("-"), 0);
  const output = Array.from(text.slice(0, border), (letter) => letter.charCodeAt(0));
  const digits = Array.from(text.slice(border && border + 1), (letter) => DIGITS.indexOf(letter));
  if (digits.length === 0 || digits.includes(-1)) return undefined;
  let [code, place, bias] = [0x80, 0, 72];
  while (digits.length > 0) {
    const delta = takeNumber(digits, bias);
    if (delta === undefined) return undefined;
    const count = output.length + 1;
    bias = adapt(delta, count, place === 0);
    code += Math.floor((place + delta) / count);
    place = (place + delta) % count;
    if (code > LAST_CODE_POINT || isSurrogate(code)) return undefined;
    output.splice(place++, 0, code);
  }
  return String.fromCodePoint(...output);
}

/** §3.3: a number of several digits, the least first; the first one below its threshold ends it. */
function takeNumber(digits: number[], bias: number): number | undefined {
  let [number, weight] = [0, 1];
  for (let position = BASE; ; position += BASE) {
    const digit = digits.shift();
    if (digit === undefined) return undefined;
    number += digit * weight;
    const threshold = Math.min(Math.max(position - bias, 1), 26);
    if (digit < threshold) return number;
    weight *= BASE - threshold;
  }
}

/** §3.4: the next number will be about as large as this one. */
function adapt(delta: number, count: number, isFirst: boolean): number {
  let [rest, bias] = [Math.floor(delta / (isFirst ? 700 : 2)), 0];
  rest += Math.floor(rest / count);
  for (; rest > 455; bias += BASE) rest = Math.floor(rest / 35);
  return bias + Math.floor((36 * rest) / (rest + 38));
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}
