/**
 * The stranger and the library, through Prosody, in both roles: the mail is enough for the
 * two to understand each other.
 */

import type { Client as XmppClient } from "@xmpp/client";
import type { Element as LibraryElement } from "@xmpp/xml";
import { type Identity, loadCore, pinned, type Xtls, xtls } from "../../bindings/node.ts";
import { connectClient } from "../../scripts/servers/connect.ts";
import { startProsody } from "../../scripts/servers/prosody.ts";
import { DOMAIN, type Server } from "../../scripts/servers/server.ts";
import { assert, suite } from "../suite.ts";
import { certify } from "./certificate.ts";
import type { Client } from "./client.ts";
import { type End, libraryEnd, strangerEnd } from "./ends.ts";
import { mail } from "./mail.ts";
import { describe, enter, isRequest, record, rejects } from "./stage.ts";

const PARTIES = ["stranger", "library"] as const;
type Party = (typeof PARTIES)[number];

const BARE = { stranger: `romeo@${DOMAIN}`, library: `juliet@${DOMAIN}` };
const ADDRESS = { stranger: `${BARE.stranger}/orchard`, library: `${BARE.library}/balcony` };
const CERTIFIED = certify(BARE.stranger);

const test = suite("stranger and library");
let server: Server;
let identity: Identity;
let stranger: Client;
let xmpp: XmppClient;
let library: Xtls;

test.before(async () => {
  server = await startProsody();
  identity = (await loadCore()).createIdentity({ jid: BARE.library });
});

test.before.each(() => meet());

test.after.each(() => part());

test.after(() => server.stop());

for (const initiator of PARTIES) {
  const responder = other(initiator);

  test(`${initiator} asks: the mail's message crosses both ways`, async () => {
    const ends = await open(initiator);

    for (const sender of PARTIES) {
      const receiver = other(sender);
      await ends[sender].send();
      assert.equal(await ends[receiver].inbox.next(), {
        from: ADDRESS[sender],
        to: ADDRESS[receiver],
        type: "chat",
        body: mail.body,
        thread: mail.thread,
        isActive: true,
      });
    }
  });

  test(`${initiator} asks: long stanzas and many stanzas arrive whole and in order`, async () => {
    const ends = await open(initiator);
    const bodies = ["Juliet è il sole. ".repeat(2_000), ...Array.from({ length: 20 }, (_, at) => `line ${at}`)];

    for (const sender of PARTIES) {
      await Promise.all(bodies.map((body) => ends[sender].send(body)));
      for (const body of bodies) assert.is((await ends[other(sender)].inbox.next()).body, body);
    }
  });

  test(`${initiator} asks: on the wire are the elements of the mail`, async () => {
    const sent = { stranger: record(stranger), library: recordLibrary() };
    const ends = await open(initiator);
    await ends[initiator].send();
    await ends[responder].inbox.next();
    await ends[initiator].close();

    const requests = { stranger: sent.stranger.filter(isRequest).map(describe), library: sent.library.requests };
    const answers = {
      stranger: sent.stranger.filter((iq) => !isRequest(iq)).map(describe),
      library: sent.library.answers,
    };
    assert.equal(requests[initiator], ["start", "data x509", "data", "data", "data", "close"]);
    assert.equal(answers[responder], ["proceed", "", "", "", "", "closed"]);
  });

  for (const closer of PARTIES) {
    test(`${initiator} asks, ${closer} closes: both know, and nothing went wrong`, async () => {
      const ends = await open(initiator);
      await ends[closer].close();
      await ends.stranger.closed;
      assert.is(await ends.library.closed, undefined);
    });
  }

  test(`${initiator} asks and does not know the certificate: no tunnel`, async () => {
    await part();
    await meet({ doubter: initiator });
    await rejects(ask(initiator));
  });

  test(`${initiator} asks and is shown to be unknown: no tunnel`, async () => {
    await part();
    await meet({ doubter: responder });

    let isAnswered = false;
    void answer(responder).then(() => (isAnswered = true));
    // With TLS 1.3 the initiator may believe for a moment that all is well.
    await ask(initiator).then(
      (end) => end.closed,
      () => undefined,
    );
    assert.not(isAnswered);
  });
}

test.run();

/** Both go online; all but the doubter know the other's certificate. */
async function meet({ doubter }: { doubter?: Party } = {}): Promise<void> {
  const nobody = certify(`nobody@${DOMAIN}`).fingerprint;
  const contact = doubter === "stranger" ? nobody : identity.fingerprint;
  const pin = doubter === "library" ? nobody : CERTIFIED.fingerprint;

  stranger = await enter(server, ADDRESS.stranger, CERTIFIED, { [BARE.library]: contact });
  xmpp = await connectClient(server, "juliet", { resource: "balcony" });
  library = xtls({ xmpp, identity, trust: pinned({ [BARE.stranger]: pin }) });
}

async function part(): Promise<void> {
  stranger.logout();
  xmpp.reconnect.stop();
  await xmpp.stop();
}

async function open(initiator: Party): Promise<Record<Party, End>> {
  const answered = answer(other(initiator));
  const asked = await ask(initiator);
  const responded = await answered;
  return initiator === "stranger" ? { stranger: asked, library: responded } : { stranger: responded, library: asked };
}

async function ask(initiator: Party): Promise<End> {
  if (initiator === "stranger") return strangerEnd(await stranger.open(ADDRESS.library), partiesOf("stranger"));
  return libraryEnd(await library.open(ADDRESS.stranger), partiesOf("library"));
}

function answer(responder: Party): Promise<End> {
  return new Promise((resolve) => {
    if (responder === "stranger") {
      stranger.once("tunnel", (tunnel) => resolve(strangerEnd(tunnel, partiesOf("stranger"))));
    } else {
      library.on("tunnel", (tunnel) => resolve(libraryEnd(tunnel, partiesOf("library"))));
    }
  });
}

function partiesOf(party: Party): { self: string; peer: string } {
  return { self: ADDRESS[party], peer: ADDRESS[other(party)] };
}

function other(party: Party): Party {
  return party === "stranger" ? "library" : "stranger";
}

/** What the library sends from now on, in the words of `describe`. */
function recordLibrary(): { requests: string[]; answers: string[] } {
  const sent = { requests: [] as string[], answers: [] as string[] };
  xmpp.on("send", (stanza: LibraryElement) => {
    if (stanza.name !== "iq") return;
    const [element] = stanza.getChildElements();
    const line = [element?.name, element?.attrs.method].filter(Boolean).join(" ");
    (stanza.attrs.type === "set" ? sent.requests : sent.answers).push(line);
  });
  return sent;
}
