/** A peer that has keys of its own and keeps no rule of TLS 1.3, against the engine in either role. */

import type { Engine, EngineOptions, Tickets } from "../../bindings/node.ts";
import { loadCore } from "../module.ts";
import { assert, suite } from "../suite.ts";
import { assertNoLeak, find, numberForms } from "../tls/heap.ts";
import { recordRandomness } from "../tls/key-schedule.ts";
import { extension as certificateExtension, mint, oid, sequence, tlv } from "../tls/mint.ts";
import { couple } from "../tls/pair.ts";
import {
  Client,
  extension,
  EXTENSION,
  GROUPS,
  join,
  message,
  MESSAGE,
  NONE,
  plainRecord,
  RECORD,
  Server,
  SUITES,
  vector,
  type Own,
  type Suite,
} from "./tls13.ts";

const test = suite("bytes of TLS");
const core = await loadCore();
const { juliet, romeo } = couple(core);
const mallory = mint({ name: "mallory" });

const responder = (options: Partial<EngineOptions> = {}): Engine =>
  core.engine({ role: "responder", identity: romeo, ...options });
const initiator = (options: Partial<EngineOptions> = {}): Engine =>
  core.engine({ role: "initiator", identity: juliet, ...options });

const client = (victim = responder(), own: Own = mallory): Client => new Client(victim, own);
const server = (victim = initiator(), own: Own = mallory): Server => new Server(victim, own);

test("who keeps the rules is let in, by every suite: so the others fail for what they break", () => {
  for (const suite of Object.keys(SUITES).map(Number) as Suite[]) {
    for (const group of Object.values(GROUPS)) {
      assert.is(new Client(responder(), mallory, group, suite).meet().finish().victim.state, "open");
    }
    const honest = new Server(initiator(), mallory, suite);
    honest.feed(honest.hello());
    assert.is(honest.finish().victim.state, "open");
  }
});

// --- order ---------------------------------------------------------------------------------------------------

type Order = readonly string[];
const SERVER_FLIGHT = ["extensions", "request", "certificate", "verify", "finished"] as const;
const CLIENT_FLIGHT = ["certificate", "verify", "finished"] as const;

/** All that can be made of a flight by leaving one out, saying one twice, or moving one. */
function disorders(flight: Order): Order[] {
  const orders = flight.flatMap((one, at) => [
    flight.toSpliced(at, 1),
    flight.toSpliced(at, 0, one),
    ...flight.map((_, to) => flight.toSpliced(at, 1).toSpliced(to, 0, one)),
  ]);
  const isNew = (order: Order, at: number) => orders.findIndex((other) => String(other) === String(order)) === at;
  return orders.filter((order, at) => isNew(order, at) && String(order) !== String(flight));
}

test("no message of a handshake can be left out, said twice or said out of turn, in either role", () => {
  let count = 0;
  for (const order of disorders(SERVER_FLIGHT)) {
    const hostile = server();
    hostile.feed(hostile.hello());
    for (const one of order) hostile.feed(hostile.says[one as (typeof SERVER_FLIGHT)[number]]());
    const { state, error } = hostile.victim;
    const isWaiting = String(order) === String(SERVER_FLIGHT.slice(0, order.length)); // for what was left off at the end
    assert.is(state, isWaiting ? "handshaking" : "failed", String(order));
    const isOpenAtFirst = String(order) === `${SERVER_FLIGHT},finished`; // which came under the keys before
    if (!isWaiting && !isOpenAtFirst)
      assert.ok(["protocol-violation", "certificate-not-requested"].includes(error!.code), `${order}: ${error}`);
    count++;
  }
  for (const order of disorders(CLIENT_FLIGHT)) {
    const hostile = client().meet();
    for (const one of order) hostile.feed(hostile.says[one as (typeof CLIENT_FLIGHT)[number]]());
    const isOpenAtFirst = String(order) === `${CLIENT_FLIGHT},finished`;
    const isWaiting = String(order) === String(CLIENT_FLIGHT.slice(0, order.length));
    assert.is(hostile.victim.state, isWaiting ? "handshaking" : "failed", String(order));
    if (!isWaiting && !isOpenAtFirst) assert.is(hostile.victim.negotiated, undefined, String(order));
    count++;
  }
  assert.is(count, 36);
});

// --- faults ---------------------------------------------------------------------------------------------------

const CHANGE_CIPHER_SPEC = 20;
const PROTOCOL = "xtls/1";
const protocols = extension(EXTENSION.protocols, vector(2, vector(1, Buffer.from(PROTOCOL))));
const sizeLimit = extension(EXTENSION.sizeLimit, Buffer.of(0x40, 1));
const pskModes = extension(EXTENSION.pskModes, vector(1, Buffer.of(1)));

type Change = (message: Buffer) => Buffer;
const same: Change = (message) => message;

/** Shakes hands with the message of this kind changed, all else being as it must be; returns the victim. */
function withServers(kind: number, change: Change): Engine {
  const hostile = server(initiator({ alpn: [PROTOCOL] }));
  const changed = (message: Buffer) => (message[0] === kind ? change(message) : message);
  hostile.feed(hostile.hello(kind === MESSAGE.serverHello ? change : same));
  for (const make of [
    () => hostile.encryptedExtensions(protocols, sizeLimit),
    () => hostile.certificateRequest(),
    () => hostile.certificate(),
    () => hostile.verify(),
    () => hostile.finished(),
  ])
    hostile.feed(hostile.say(changed(make())));
  return hostile.victim;
}

function withClients(kind: number, change: Change): Engine {
  const hostile = client(responder({ alpn: [PROTOCOL] }));
  const changed = (message: Buffer) => (message[0] === kind ? change(message) : message);
  const hello = changed(hostile.hello([protocols, sizeLimit, pskModes]));
  try {
    hostile.meet(hello);
  } catch {
    return hostile.victim; // which does not answer it, or not so that it could go on
  }
  for (const make of [() => hostile.certificate(), () => hostile.verify(), () => hostile.finished()])
    hostile.feed(hostile.say(changed(make())));
  return hostile.victim;
}

/** Bytes of a Certificate before the certificate itself, which is another subject. */
const ENVELOPE = 12;

/** Every byte of such a message, changed in two ways. */
function* changes(length: number): Generator<readonly [string, Change]> {
  for (let at = 0; at < length; at++) {
    for (const change of [(byte: number) => byte ^ 1, () => 0xff]) {
      yield [
        `byte ${at}`,
        (message) => Buffer.from(message.map((byte, index) => (index === at ? change(byte) : byte))),
      ];
    }
  }
}

const MESSAGES = [
  [
    "server",
    withServers,
    ["serverHello", "encryptedExtensions", "certificateRequest", "certificate", "certificateVerify", "finished"],
  ],
  ["client", withClients, ["clientHello", "certificate", "certificateVerify", "finished"]],
] as const;

test("no byte that a peer gets wrong, in any message, is called a defect of ours", () => {
  for (const [whose, shakeHands, names] of MESSAGES) {
    for (const name of names) {
      const kind = MESSAGE[name];
      let length = 0;
      assert.is(shakeHands(kind, (message) => ((length = message.length), message)).state, "open");
      for (const [what, change] of changes(Math.min(length, name === "certificate" ? ENVELOPE : length))) {
        const victim = shakeHands(kind, change);
        const where = `the ${whose}'s ${name}, ${what}: ${victim.error?.message}`;
        if (victim.state === "failed")
          assert.ok(["peer", "anyone", "network"].includes(victim.error!.row.blame), where);
        else assert.is(victim.negotiated === undefined, victim.state === "handshaking", where);
        assert.is.not(victim.alerts.sent?.name, "internal_error", where);
        victim[Symbol.dispose]();
      }
    }
  }
});

/** An initiator with a tunnel to Mallory. */
function opened(): Server {
  const hostile = server();
  hostile.feed(hostile.hello());
  return hostile.finish();
}

test("what is empty, or protected and must not be, is the peer's fault, and nobody altered it on the way", () => {
  const said = (type: number, content: Uint8Array, times: number): Engine => {
    const hostile = opened();
    for (let time = 0; time < times; time++) hostile.feed(hostile.record(type, content));
    return hostile.victim;
  };
  assert.is(said(RECORD.data, NONE, 3).state, "open");
  for (const victim of [said(RECORD.data, NONE, 4), said(CHANGE_CIPHER_SPEC, Buffer.of(1), 1)]) {
    assert.is(victim.error?.code, "protocol-violation");
    assert.is(victim.alerts.sent?.name, "unexpected_message");
  }
});

test("a responder chooses one of the protocols that were offered, and one alone", () => {
  const chosen = (...names: readonly string[]): Engine => {
    const hostile = server(initiator({ alpn: ["xtls/1+bind", "xtls/1"] }));
    const list = extension(EXTENSION.protocols, vector(2, ...names.map((name) => vector(1, Buffer.from(name)))));
    hostile.feed(hostile.hello(), hostile.say(hostile.encryptedExtensions(list)));
    return hostile.victim;
  };
  assert.is(chosen("xtls/1").state, "handshaking");
  for (const [names, alert] of [
    [["h2"], "illegal_parameter"],
    [[""], "illegal_parameter"],
    [["xtls/1", "xtls/1+bind"], "decode_error"],
    [["xtls/1", ""], "decode_error"],
  ] as const) {
    const victim = chosen(...names);
    assert.is(victim.error?.code, "protocol-violation", String(names));
    assert.is(victim.alerts.sent?.name, alert, String(names));
  }
});

// --- changes of keys --------------------------------------------------------------------------------------------

/** What a peer says in one record with the last message under the old keys: whole, and its first bytes. */
const halves = (next: Uint8Array): Uint8Array[] => [next, next.subarray(0, 5)];

test("nothing goes over a change of keys: not what stands in one record with a hello or a Finished, nor a part of it", () => {
  const refused = (victim: Engine, what: string) => {
    assert.is(victim.state, "failed", what);
    assert.is(victim.error?.code, "protocol-violation", what);
    assert.is(victim.alerts.sent?.name, "unexpected_message", what);
  };
  for (const which of [0, 1]) {
    const behindServerHello = server();
    const inTheClear = behindServerHello.hello().subarray(5);
    const next = halves(behindServerHello.encryptedExtensions())[which]!;
    behindServerHello.feed(plainRecord(RECORD.handshake, join(inTheClear, next)));
    refused(behindServerHello.victim, "EncryptedExtensions behind ServerHello");

    const behindFinished = server();
    const { extensions, request, certificate, verify } = behindFinished.says;
    behindFinished.feed(behindFinished.hello(), extensions(), request(), certificate(), verify());
    behindFinished.feed(behindFinished.say(behindFinished.finished(), halves(behindFinished.ticket())[which]!));
    refused(behindFinished.victim, "a ticket behind the server's Finished");

    const behindHello = client();
    behindHello.feed(
      plainRecord(RECORD.handshake, join(behindHello.hello(), halves(behindHello.certificate())[which]!)),
    );
    refused(behindHello.victim, "Certificate behind ClientHello");

    const behindLast = client().meet();
    behindLast.feed(behindLast.says.certificate(), behindLast.says.verify());
    behindLast.feed(
      behindLast.say(behindLast.finished(), halves(message(MESSAGE.keyUpdate, NONE, Buffer.alloc(2)))[which]!),
    );
    refused(behindLast.victim, "a message behind the client's Finished");
  }
});

// --- tickets -------------------------------------------------------------------------------------------------------

interface Ticket {
  readonly handle: Buffer;
  readonly age: Buffer;
  readonly key: Buffer;
}

/** Gets a ticket as any client does. */
function ticketFor(own: Own, tickets: Tickets): Ticket {
  const visitor = client(responder({ tickets }), own);
  visitor.meet(visitor.hello([extension(EXTENSION.pskModes, vector(1, Buffer.of(1)))])).finish();
  const said = visitor.hear()!;
  const at = 13 + said[12]!;
  const handle = said.subarray(at + 2, at + 2 + said.readUInt16BE(at));
  return { handle, age: said.subarray(8, 12), key: visitor.ticketKey(said.subarray(13, at)) };
}

/** A hello that offers it. @param before the transcript so far, when this is the second hello */
function helloWith(
  visitor: Client,
  { handle, age, key }: Ticket,
  shares = [visitor.share],
  before: Buffer = NONE,
): Buffer {
  const offer = (binder: Uint8Array) =>
    extension(EXTENSION.psk, vector(2, vector(2, handle), age), vector(2, vector(1, binder)));
  const hello = visitor.hello(
    [extension(EXTENSION.pskModes, vector(1, Buffer.of(1))), offer(Buffer.alloc(32))],
    shares,
  );
  visitor.binder(key, join(before, hello.subarray(0, -35))).copy(hello, hello.length - 32);
  return hello;
}

/** Offers a ticket in a hello without a key share, so that it is asked for a second one. */
function askedAgain(ticket: Ticket, tickets: Tickets, own: Own): Client {
  const visitor = client(responder({ tickets }), own);
  const first = helloWith(visitor, ticket, []);
  visitor.feed(visitor.say(first));
  const request = visitor.hear()!;
  visitor.transcript = join(message(254, visitor.digest(first)), request);
  return visitor;
}

test("a session is called resumed when the last hello resumed it, and its owner is who was met", () => {
  const tickets = core.tickets();
  const eve = mint({ name: "eve" });
  const takenBack = askedAgain(ticketFor(mallory, tickets), tickets, eve);
  takenBack.meet().finish();
  assert.is(takenBack.victim.state, "open");
  assert.equal(Buffer.from(takenBack.victim.peer!.der), Buffer.from(eve.der));
  assert.is(takenBack.victim.negotiated?.resumed, false);

  const other = ticketFor(eve, tickets);
  const exchanged = askedAgain(ticketFor(mallory, tickets), tickets, mallory);
  exchanged.psk = other.key;
  exchanged.meet(helloWith(exchanged, other, [exchanged.share], exchanged.transcript));
  exchanged.feed(exchanged.says.finished());
  assert.is(exchanged.victim.negotiated?.resumed, true);
  assert.equal(Buffer.from(exchanged.victim.peer!.der), Buffer.from(eve.der), "whose ticket it is");
});

test("who offers a ticket and takes it back has to show a certificate", () => {
  const tickets = core.tickets();
  const visitor = askedAgain(ticketFor(mallory, tickets), tickets, mallory).meet();
  visitor.feed(visitor.say(message(MESSAGE.certificate, vector(1), vector(3))), visitor.says.finished());
  assert.is(visitor.victim.error?.code, "certificate-missing");
  assert.is(visitor.victim.peer, undefined);
});

// --- what stays in memory ----------------------------------------------------------------------------------------------

const isFound = (secret: Uint8Array): boolean => numberForms(secret).some((form) => find(core, form) >= 0);

/** The secrets of a handshake, and the randomness that was never sent: the middle of it, since ends may be masked. */
function assertForgotten(hostile: Client | Server, randomness: readonly Uint8Array[], what: string): void {
  const left = [...hostile.secrets].filter(([, secret]) => isFound(secret)).map(([name]) => name);
  assert.equal(left, [], what);
  const unsent = randomness.filter((piece) => piece.length >= 16 && !hostile.transcript.includes(Buffer.from(piece)));
  assert.equal(
    unsent.filter((piece) => isFound(piece.subarray(2, -2))),
    [],
    `${what}: randomness`,
  );
}

const altered = (record: Buffer): Buffer => record.fill(0, record.length - 8);

/** Where a handshake breaks: what the victim is fed last. */
const BREAKS: { readonly [what: string]: (end: Client | Server) => Uint8Array } = {
  "a record that was altered": (end) => altered(end.record(RECORD.handshake, end.certificate())),
  "an alert": (end) => end.record(RECORD.alert, Buffer.of(2, 40)),
  "a certificate that is none": (end) =>
    end.say(message(MESSAGE.certificate, vector(1), vector(3, vector(3, Buffer.alloc(200)), vector(2)))),
  "a signature of something else": (end) => join(end.says.certificate(), end.say(end.verify(Buffer.alloc(32)))),
  "a Finished that is wrong": (end) =>
    join(
      end.says.certificate(),
      end.says.verify(),
      end.say(message(MESSAGE.finished, Buffer.alloc(end.digest().length))),
    ),
  "a message that has no place there": (end) => end.say(message(MESSAGE.keyUpdate, Buffer.of(0))),
};

test("a handshake that breaks anywhere leaves no secret behind, and nothing alive", () => {
  for (const [what, breaking] of Object.entries(BREAKS)) {
    for (const suite of Object.keys(SUITES).map(Number) as Suite[]) {
      for (const role of ["responder", "initiator"] as const) {
        const before = core.heapUsed;
        let hostile: Client | Server | undefined;
        const randomness = recordRandomness(() => {
          if (role === "responder") hostile = new Client(responder(), mallory, GROUPS.X25519, suite).meet();
          else hostile = begun(new Server(initiator(), mallory, suite));
          hostile.feed(breaking(hostile));
        });
        const { victim } = hostile!;
        assert.is(victim.state, "failed", `${role}: ${what}`);
        assertForgotten(hostile!, randomness, `${role}: ${what}`);
        victim[Symbol.dispose]();
        assertNoLeak(core, before);
      }
    }
  }
});

function begun(hostile: Server): Server {
  hostile.feed(hostile.hello(), hostile.says.extensions(), hostile.says.request());
  return hostile;
}

test("a tunnel that is closed keeps no key, neither for records nor for tickets, and what came last can be read", () => {
  for (const suite of Object.keys(SUITES).map(Number) as Suite[]) {
    const hostile = new Server(initiator(), mallory, suite);
    hostile.feed(hostile.hello());
    const { victim } = hostile.finish();
    const working = [...hostile.secrets].filter(([name]) => /^(?:. ap|res)$/.test(name));
    assert.ok(
      working.every(([, secret]) => isFound(secret)),
      "the same search finds them while they are at work",
    );
    hostile.feed(hostile.record(RECORD.data, Buffer.from("good night")), hostile.record(RECORD.alert, Buffer.of(1, 0)));
    assert.is(victim.state, "closed");
    assertForgotten(hostile, [], `suite ${suite}`);
    assert.is(Buffer.from(victim.read()).toString(), "good night");
    assert.is(Buffer.from(victim.drain()).length > 0, true, "our own close_notify is still to be sent");
  }
});

test("a ticket of a tunnel that failed is given to nobody", () => {
  const hostile = opened();
  const { victim } = hostile;
  hostile.feed(hostile.record(RECORD.handshake, hostile.ticket()));
  const key = hostile.ticketKey(NONE);
  assert.ok(isFound(key));
  hostile.feed(hostile.record(RECORD.handshake, hostile.ticket({ lifetime: 604_801 }))); // RFC 8446 §4.6.1
  assert.is(victim.state, "failed");
  assert.not(isFound(key));
  assert.is(victim.session, undefined);
});

// --- certificates -----------------------------------------------------------------------------------------------------

const names = (...all: readonly Uint8Array[]) => certificateExtension("2.5.29.17", sequence(...all));
const dnsName = (name: string) => tlv(0x82, Buffer.from(name));
const xmppAddr = (jid: string) => tlv(0xa0, oid("1.3.6.1.5.5.7.8.5"), tlv(0xa0, tlv(0x0c, Buffer.from(jid))));

/** Shows a certificate with such names; returns the victim and how many texts were made of them. */
function shown(all: readonly Uint8Array[]): { readonly victim: Engine; readonly texts: number } {
  const { decode } = TextDecoder.prototype;
  let texts = 0;
  TextDecoder.prototype.decode = function (...args) {
    texts++;
    return decode.apply(this, args);
  };
  try {
    return {
      victim: client(responder(), mint({ name: "mallory", extensions: [names(...all)] }))
        .meet()
        .finish().victim,
      texts,
    };
  } finally {
    TextDecoder.prototype.decode = decode;
  }
}

test("a certificate of thousands of names is refused before anything is made of them", () => {
  const crowds = [
    Array.from({ length: 4000 }, () => dnsName("a")),
    Array.from({ length: 400 }, () => xmppAddr("a@xn--bcher-kva.example")),
  ];
  for (const crowd of crowds) {
    const { victim, texts } = shown(crowd);
    assert.is(victim.error?.code, "invalid-certificate");
    assert.is(victim.alerts.sent?.name, "bad_certificate");
    assert.ok(texts < 16, `${texts} texts`);
  }
  const { victim } = shown([
    ...Array.from({ length: 32 }, () => xmppAddr("a@b.example")),
    ...Array.from({ length: 480 }, () => dnsName("a")),
  ]);
  assert.is(victim.state, "open", "hundreds are what servers have");
  assert.is(victim.peer?.dnsNames.length, 480);
});

test.run();
