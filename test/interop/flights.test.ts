import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { pattern, recordLengths } from "../tls/pair.ts";
import { nodeTls, type NodeCounterpart } from "./node-tls.ts";
import { gnutls } from "./programs.ts";
import { Cast, exchangeWords, exportedBy, meet, part, PROGRAMS } from "./terms.ts";

const test = suite("flights");
const cast = new Cast(await loadCore());
test.after(() => cast.dispose());

const ROLES = ["initiator", "responder"] as const;

for (const program of PROGRAMS) {
  for (const role of ROLES) {
    test(`retries the hello (HelloRetryRequest): ${program.name}, as ${role}`, () => {
      const [terms, options] =
        role === "initiator" ? [{ groups: ["P-384"] as const }, {}] : [{}, { groups: ["P-384"] as const }];
      return meet(program, role, cast, terms, options, async (meeting) => {
        await meeting.bridge.opened();
        assert.is(meeting.bridge.engine.negotiated?.group, "P-384");
        await exchangeWords(meeting);
        assert.is(exportedBy(meeting.bridge), await meeting.counterpart.exported());
      });
    });

    test(`takes and gives single bytes: ${program.name}, as ${role}`, () =>
      meet(program, role, cast, {}, { chunk: 1 }, async (meeting) => {
        await meeting.bridge.opened();
        await exchangeWords(meeting);
        await part(meeting);
      }));
  }
}

/** Lower-case letters, so that text is bytes. */
const letters = (length: number): string => String.fromCharCode(...pattern(length).map((byte) => 97 + (byte % 26)));

/** 2^14 bytes are what a record holds: one less, just so many, and one that needs another. */
for (const program of PROGRAMS) {
  for (const role of ROLES) {
    for (const length of [16383, 16384, 16385]) {
      test(`carries ${length} bytes each way as they are: ${program.name}, as ${role}`, () =>
        meet(program, role, cast, {}, {}, async ({ bridge, counterpart }) => {
          await bridge.opened();
          const line = letters(length - 1);
          bridge.say(`${line}\n`);
          await counterpart.heard(line);
          counterpart.say(`${line}\n`);
          await bridge.heard(line);
        }));
    }
  }
}

for (const role of ROLES) {
  test(`makes no larger records than the other end wants: gnutls, as ${role}`, () =>
    meet(gnutls, role, cast, { extra: ["--recordsize=1000"] }, {}, async ({ bridge, counterpart }) => {
      await bridge.opened();
      bridge.say(`${letters(5000)}\n`);
      await counterpart.heard(letters(5000));
      bridge.engine.write(pattern(5000));
      const lengths = recordLengths(bridge.engine.drain());
      assert.ok(lengths.length > 5 && Math.max(...lengths) <= 1000 + 1 + 16, String(lengths));
    }));

  test(`logs the keys that the other end logs: node:tls, as ${role}`, () => {
    const lines: string[] = [];
    return meet(nodeTls, role, cast, {}, { keyLog: (line) => lines.push(line) }, async (meeting) => {
      await meeting.bridge.opened();
      await exchangeWords(meeting);
      assert.equal(lines.sort(), [...(meeting.counterpart as NodeCounterpart).keyLog].sort());
      assert.ok(lines.length > 0);
    });
  });
}

test.run();
