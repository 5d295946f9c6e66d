import fc from "fast-check";
import { decodeBase64, encodeBase64 } from "../../bindings/xtls/base64.ts";
import { assert, suite } from "../suite.ts";
import { code } from "./code.ts";

const test = suite("base64");

test("encodes as every platform does", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      (bytes) => encodeBase64(bytes) === Buffer.from(bytes).toString("base64"),
    ),
  );
});

test("decodes what it encoded", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => assert.equal(decodeBase64(encodeBase64(bytes)), bytes)),
  );
});

test("lets XML white space pass anywhere", () => {
  assert.equal(decodeBase64(" \n\tZm\r\n9v\n "), new Uint8Array([0x66, 0x6f, 0x6f]));
});

for (const [what, text] of Object.entries({
  "a foreign character": "Zm9*",
  "the URL alphabet": "Zm-_",
  "missing padding": "Zm8",
  "too much padding": "Zm8==",
  "padding in the middle": "Zg==Zg==",
  "padding alone": "====",
  "a lone digit": "Z",
  "stray bits behind one byte": "Zh==",
  "stray bits behind two bytes": "Zm9=",
  "white space that is not XML's": "Zm9v\u00a0",
})) {
  test(`refuses ${what}`, () =>
    assert.is(
      code(() => decodeBase64(text)),
      "invalid-base64",
    ));
}

test("never decodes two texts to the same bytes", () => {
  const text = fc.string({ unit: fc.constantFrom(..."ABZaz09+/="), maxLength: 12 });
  fc.assert(
    fc.property(text, (candidate) => {
      if (code(() => decodeBase64(candidate)) === undefined)
        assert.is(encodeBase64(decodeBase64(candidate)), candidate);
    }),
    { numRuns: 2000 },
  );
});

test.run();
