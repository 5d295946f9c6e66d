/** Chains over an authority in between, and revocation lists: our engine and OpenSSL judge each other. */
import { writeFileSync } from "node:fs";

import type { XtlsError } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { xmppAddr, type Issued } from "../tls/issuer.ts";
import { OpensslCa } from "../tls/openssl-ca.ts";
import type { Terms } from "./counterpart.ts";
import { openssl } from "./programs.ts";
import { Cast, exchangeWords, meet, type Meeting, type Role } from "./terms.ts";

const test = suite("chains");
const cast = new Cast(await loadCore());
const root = OpensslCa.root("Root of Verona");
const verona = root.authority("Verona");
test.after(() => [cast, root].forEach((made) => made.dispose()));

const device = (name: string): Issued =>
  verona.issue(name, {
    names: [xmppAddr(`${name}@example.org`), "DNS:localhost"],
  });
const [own, peer, thief] = [device("own"), device("peer"), device("thief")];
verona.revoke(thief);
const lists = [root.list(), verona.list()];

const chained = (one: Issued) => cast.core.identityFromPEM(one.pem + verona.own.certificate);

/** What OpenSSL shows, and whom it believes: its CA file has the lists as well. */
const sending = (one: Issued): Partial<Terms> => ({
  own: one,
  extra: ["-cert_chain", verona.own.certificateFile],
});
const believing = (): Partial<Terms> => {
  const certificateFile = root.listFile.replace("list.pem", "believed.pem");
  writeFileSync(certificateFile, [root.own.certificate, ...lists].join(""));
  return { authority: { ...root.own, certificateFile } };
};
const listed = (terms: Partial<Terms>): Partial<Terms> => ({
  ...terms,
  extra: [...(terms.extra ?? []), "-crl_check_all"],
});

interface Scenario {
  readonly claim: string;
  readonly terms: Partial<Terms>;
  readonly shown?: Issued;
  readonly body: (meeting: Meeting) => Promise<void>;
}

const refused =
  (words: string, alert: string) =>
  async ({ bridge }: Meeting): Promise<void> => {
    const error = (await bridge.failed()) as XtlsError;
    assert.is(error.code, "certificate-refused");
    assert.match(error.message, words);
    assert.is(bridge.engine.alerts.sent?.name, alert);
  };

const SCENARIOS: readonly Scenario[] = [
  {
    claim: "are sent, received and followed at both ends, with lists at both",
    terms: listed({ ...sending(peer), ...believing() }),
    async body(meeting) {
      await meeting.bridge.opened();
      await exchangeWords(meeting);
      assert.is(meeting.bridge.engine.peer?.chain.length, 2);
      assert.is(meeting.bridge.engine.peer?.jids[0], "peer@example.org");
    },
  },
  {
    claim: "without the authority in between lead nowhere",
    terms: { own: peer },
    body: refused("not issued by a configured authority", "unknown_ca"),
  },
  {
    claim: "of a revoked peer are refused",
    terms: sending(thief),
    body: refused("revoked", "certificate_revoked"),
  },
  {
    claim: "of ours, revoked, are refused by OpenSSL",
    terms: listed({ ...sending(peer), ...believing() }),
    shown: thief,
    async body({ bridge, counterpart }) {
      const error = (await bridge.failed()) as XtlsError;
      assert.is(error.code, "alert-received");
      assert.is(bridge.engine.alerts.received?.name, "certificate_revoked");
      await counterpart.complains(/certificate revoked/i);
    },
  },
];

for (const { claim, terms, shown = own, body } of SCENARIOS) {
  for (const role of ["initiator", "responder"] as readonly Role[]) {
    const options = {
      identity: chained(shown),
      authorities: [root.own.certificate, ...lists],
    };
    test(`${claim}: ${role}`, () => meet(openssl, role, cast, terms, options, body));
  }
}

test.run();
