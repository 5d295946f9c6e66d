import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { openPair } from "./pair.ts";

const test = suite("keylog");
const core = await loadCore();

const LABELS = [
  "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
  "CLIENT_TRAFFIC_SECRET_0",
  "EXPORTER_SECRET",
  "SERVER_HANDSHAKE_TRAFFIC_SECRET",
  "SERVER_TRAFFIC_SECRET_0",
];

function logs(): [string[], string[]] {
  const [initiator, responder]: [string[], string[]] = [[], []];
  openPair(core, {}, { keyLog: (line) => initiator.push(line) }, { keyLog: (line) => responder.push(line) });
  return [initiator.sort(), responder.sort()];
}

test("writes the same lines on both ends, in NSS's format", () => {
  const [initiator, responder] = logs();
  assert.equal(initiator, responder);
  assert.equal(
    initiator.map((line) => line.split(" ")[0]),
    LABELS,
  );
  for (const line of initiator) assert.match(line, /^[A-Z0-9_]+ [0-9a-f]{64} [0-9a-f]{64}$/);
});

test.run();
