/** What two ends of the library do today, computed anew as docs/vectors.json is: the vectors do not age unnoticed. */
import { readFileSync } from "node:fs";
import { prepareJid } from "../../bindings/base/jid.ts";
import { ADDRESSES, readVectors, recordVectors } from "../../scripts/docs/vectors.ts";
import { assert, suite } from "../suite.ts";
import { recompute, type RecordedTunnel } from "./recompute.ts";
import { attribute, parseElement, type XmlElement } from "./xml.ts";

const test = suite("fresh vectors");
const kept = readVectors(readFileSync(new URL("../../docs/vectors.json", import.meta.url), "utf8"));

/** Who sends what, whatever is in it, and in whichever order the two ends came to it. */
function outline({ iqs }: RecordedTunnel): string[] {
  const names = (element: XmlElement): string => element.children.map((each) => (typeof each === "string" ? "" : `${each.local}(${names(each)})`)).join(" ");
  return iqs.map((iq) => parseElement(iq)).map((iq) => `${attribute(iq, "from")} ${attribute(iq, "type")} ${names(iq)}`).sort();
}

test("two ends of today say what the vectors say, and it follows from the page", async () => {
  const fresh = await recordVectors(kept);
  assert.equal(fresh.canonical, kept.canonical);
  assert.equal(fresh.addresses, kept.addresses);
  for (const [at, tunnel] of fresh.tunnels.entries()) {
    assert.equal(recompute(tunnel), tunnel.values);
    assert.equal(outline(tunnel), outline(kept.tunnels[at] as RecordedTunnel), "run `npx tsx scripts/docs.ts --record`");
  }
});

test("addresses are prepared, or refused, as the vectors say and as the page was read by hand; what is prepared stays as it is", () => {
  assert.equal(kept.addresses.map(({ given, prepared }) => [given, prepared]), ADDRESSES);
  for (const { given, prepared } of kept.addresses) {
    if (prepared === null) assert.throws(() => prepareJid(given), /JID/, given);
    else assert.equal([prepareJid(given), prepareJid(prepared)], [prepared, prepared]);
  }
});

test.run();
