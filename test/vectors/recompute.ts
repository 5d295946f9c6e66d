/**
 * Everything in a recorded tunnel that docs/protocol.md says how to compute, computed from that page: offers in canonical form,
 * the bind, the proofs of the methods. Of this project's own code nothing is used here, so that a mistake which both ends of it make
 * alike shows. Throws where a message does not say what it should.
 */
import { createHmac, X509Certificate } from "node:crypto";
import { isSigned, readPublicKey } from "./openpgp.ts";
import { number, srp } from "./srp.ts";
import { certificatesOf, encryptedExtension, readConnection, type Connection, type Said } from "./tls13.ts";
import { attribute, child, parseElement, parseElements, textOf, type XmlElement } from "./xml.ts";

const ROLES = ["initiator", "responder"] as const;
type Role = (typeof ROLES)[number];
type Both<Value> = Readonly<Record<Role, Value>>;

/** A tunnel as docs/vectors.json has it. */
export interface RecordedTunnel {
  readonly method: string;
  /** Full JIDs, prepared. */
  readonly jids: Both<string>;
  /** What only the two people know: hex, texts, armored keys. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly keyLog: readonly string[];
  /** In the order in which they were sent. */
  readonly iqs: readonly string[];
  /** Intermediate values, hex: what `recompute` returns. */
  readonly values: Values;
}

export type Values = Readonly<Record<string, string>>;

/** What one side said inside, element by element. */
export type Inside = Both<readonly XmlElement[]>;

interface Scene {
  readonly recorded: Omit<RecordedTunnel, "values">;
  readonly connection: Connection;
  readonly inside: Inside;
  readonly fingerprints: Both<string>;
}

const XTLS = "urn:xmpp:tmp:xtls";
const EXT = `${XTLS}:ext`;
const ALPN_EXTENSION = 16;

/** @returns what an implementer wants to compare on the way */
export function recompute(recorded: Omit<RecordedTunnel, "values">): Values {
  const scene = read(recorded);
  const method = METHODS[recorded.method];
  if (method === undefined) throw new Error(`There is no method ${recorded.method}`);
  return { ...fingerprintValues(scene), ...saidValues(scene), ...bindValues(scene), ...method(scene) };
}

/** What each side said inside, in order. */
export function insideOf(recorded: Omit<RecordedTunnel, "values">): Inside {
  return read(recorded).inside;
}

/** The canonical form of an element (§8). */
export function canonical({ namespace, local, attributes, children }: XmlElement): Buffer {
  const sorted = [...attributes].sort((a, b) => compare(a.namespace, b.namespace) || compare(a.local, b.local));
  const triples = sorted.flatMap((each) => [each.namespace, each.local, each.value.replace(/\r\n|[\t\n\r]/g, " ")]);
  return frame(namespace, local, frame(...triples), ...merged(children).flatMap(canonicalChild));
}

function canonicalChild(each: XmlElement | string): Buffer[] {
  if (typeof each !== "string") return [canonical(each)];
  const text = each.replace(/\r\n?/g, "\n").replace(/^[ \t\n]+|[ \t\n]+$/g, "");
  return text === "" ? [] : [frame(text)];
}

/** Texts side by side are one. */
function merged(children: readonly (XmlElement | string)[]): (XmlElement | string)[] {
  return children.reduce<(XmlElement | string)[]>((all, each) => {
    const last = all.at(-1);
    return typeof each === "string" && typeof last === "string" ? [...all.slice(0, -1), last + each] : [...all, each];
  }, []);
}

// --- the wire and TLS -----------------------------------------------------------

function read(recorded: Omit<RecordedTunnel, "values">): Scene {
  const bytes = { initiator: [] as Buffer[], responder: [] as Buffer[] };
  const named: string[] = [];
  for (const iq of recorded.iqs.map(parseElement)) {
    const data = child(iq, "data");
    if (data === undefined) continue;
    bytes[attribute(iq, "from") === recorded.jids.initiator ? "initiator" : "responder"].push(Buffer.from(textOf(data), "base64"));
    const method = attribute(data, "method");
    if (method !== undefined) named.push(method);
  }
  same(named.join(), `${recorded.method},${recorded.method}`, "the method that each side names");
  const connection = readConnection(recorded.keyLog, Buffer.concat(bytes.initiator), Buffer.concat(bytes.responder));
  same(encryptedExtension(connection.server, ALPN_EXTENSION)?.subarray(3).toString(), "xtls/1+bind", "the ALPN protocol");
  for (const { alerts } of [connection.client, connection.server]) same(alerts.join(), "0", "close_notify");
  return {
    recorded,
    connection,
    inside: { initiator: elementsIn(connection.client), responder: elementsIn(connection.server) },
    fingerprints: { initiator: fingerprintOf(connection.client, recorded.jids.initiator), responder: fingerprintOf(connection.server, recorded.jids.responder) },
  };
}

function elementsIn({ plaintext }: Said): XmlElement[] {
  return parseElements(plaintext.toString());
}

/** SHA-256 of the certificate, which names the bare JID (§4). */
function fingerprintOf(said: Said, jid: string): string {
  const [certificate] = certificatesOf(said);
  if (certificate === undefined) throw new Error(`${jid} shows no certificate`);
  const { fingerprint256, subjectAltName } = new X509Certificate(certificate);
  if (subjectAltName?.includes(bare(jid)) !== true) throw new Error(`The certificate names ${subjectAltName}, not ${bare(jid)}`);
  return fingerprint256;
}

function fingerprintValues({ fingerprints }: Scene): Values {
  return { "initiator's certificate": fingerprints.initiator, "responder's certificate": fingerprints.responder };
}

/** All that each end says inside, as the text that it is. */
function saidValues({ connection: { client, server } }: Scene): Values {
  return { "what the initiator says inside": client.plaintext.toString(), "what the responder says inside": server.plaintext.toString() };
}

// --- the bind (§8) ----------------------------------------------------------------

function bindValues({ recorded, connection, inside, fingerprints }: Scene): Values {
  const offers = { initiator: offerIn(recorded.iqs, "start"), responder: offerIn(recorded.iqs, "proceed") };
  const sid = attribute(child(offers.initiator, "tunnel"), "sid") ?? "";
  const key = connection.exporter("EXPORTER-XTLS-bind", 32);
  const forms = { initiator: canonical(offers.initiator), responder: canonical(offers.responder) };
  const values: Record<string, string> = { "initiator's offer": hex(forms.initiator), "responder's offer": hex(forms.responder), "exporter for the bind": hex(key) };
  for (const role of ROLES) {
    const { initiator, responder } = recorded.jids;
    const input = frame(role, initiator, responder, sid, recorded.method, forms.initiator, forms.responder, fingerprints.initiator, fingerprints.responder);
    const mac = hmac(key, input);
    same(textIn(inside[role][0], "bind"), mac.toString("base64"), `the ${role}'s bind`);
    Object.assign(values, { [`what the ${role}'s bind covers`]: hex(input), [`${role}'s bind`]: hex(mac) });
  }
  return values;
}

function offerIn(iqs: readonly string[], name: string): XmlElement {
  const offer = iqs.map((iq) => child(child(parseElement(iq), name), "offer")).find((found) => found !== undefined);
  if (offer === undefined) throw new Error(`There is no offer in <${name}/>`);
  return offer;
}

// --- the methods (§9) -----------------------------------------------------------------

const METHODS: Readonly<Record<string, (scene: Scene) => Values>> = { srp: srpValues, sas: sasValues, openpgp: openpgpValues };

function binding({ recorded: { jids }, connection, fingerprints }: Scene, label: string): Buffer {
  return frame(label, connection.exporter(label, 32), jids.initiator, fingerprints.initiator, jids.responder, fingerprints.responder);
}

function srpValues(scene: Scene): Values {
  const { recorded, inside } = scene;
  const { password = "", a = "", b = "" } = recorded.secrets;
  const [, response] = inside.initiator;
  const [, challenge, proof] = inside.responder;
  const user = bare(recorded.jids.initiator);
  const salt = Buffer.from(attribute(challenge, "salt") ?? "", "base64");
  const rounds = attribute(challenge, "rounds") ?? "";
  const run = srp({ user, password, salt, rounds: Number(rounds), a: number(Buffer.from(a, "hex")), b: number(Buffer.from(b, "hex")) });
  same(hex(run.clientS), hex(run.serverS), "the premaster secret of both");
  same(textIn(challenge, "srp-challenge"), run.B.toString("base64"), "B");
  same(textIn(response, "srp-response"), run.A.toString("base64"), "A");
  const bound = binding(scene, "EXPORTER-XTLS-srp");
  const proofOf = (role: Role) => hmac(run.K, frame(`xtls srp 1 ${role}`, bound, user, salt, rounds, run.A, run.B));
  same(attribute(response, "proof"), proofOf("initiator").toString("base64"), "the initiator's proof");
  same(textIn(proof, "srp-proof"), proofOf("responder").toString("base64"), "the responder's proof");
  const { A, B, x, v, u, clientS, K } = run;
  const values = Object.entries({ salt, A, B, x, v, u, S: clientS, K, "initiator's proof": proofOf("initiator"), "responder's proof": proofOf("responder") });
  return { "binding for srp": hex(bound), rounds, ...Object.fromEntries(values.map(([name, bytes]) => [name, hex(bytes)])) };
}

function sasValues(scene: Scene): Values {
  const [, commit, reveal, confirmedByInitiator] = scene.inside.initiator;
  const [, nonce, confirmedByResponder] = scene.inside.responder;
  const bound = binding(scene, "EXPORTER-XTLS-sas");
  const S = (purpose: string, ...pieces: readonly Buffer[]) => hmac(bound, frame(`xtls sas 1 ${purpose}`, ...pieces));
  const [Ni, Nr] = [Buffer.from(textIn(reveal, "reveal"), "base64"), Buffer.from(textIn(nonce, "nonce"), "base64")];
  same(textIn(commit, "commit"), S("commit", Ni).toString("base64"), "the commitment");
  same(textIn(confirmedByInitiator, "confirmed"), S("confirmed by initiator", Ni, Nr).toString("base64"), "the initiator's confirmation");
  same(textIn(confirmedByResponder, "confirmed"), S("confirmed by responder", Ni, Nr).toString("base64"), "the responder's confirmation");
  const code = S("code", Ni, Nr).subarray(0, 6);
  const bits = code.readUIntBE(0, 6);
  const decimals = [0, 2, 4].map((at) => String(code.readUInt16BE(at)).padStart(5, "0")).join(" ");
  same(scene.recorded.secrets["decimals shown"], decimals, "the code that the two people saw");
  const emoji = Array.from({ length: 8 }, (_, at) => Math.floor(bits / 64 ** (7 - at)) % 64).join(" ");
  return { "binding for sas": hex(bound), Ni: hex(Ni), Nr: hex(Nr), code: hex(code), "code in decimals": decimals, "numbers of the code's emoji, from 0": emoji };
}

function openpgpValues(scene: Scene): Values {
  const bound = binding(scene, "EXPORTER-XTLS-openpgp");
  const values: Record<string, string> = { "binding for openpgp": hex(bound) };
  for (const role of ROLES) {
    const [, message] = scene.inside[role];
    const key = readPublicKey(scene.recorded.secrets[`${role}'s public key`] ?? "");
    same(attribute(message, "fingerprint"), key.fingerprint, `the fingerprint of the ${role}'s key`);
    if (!key.userIds.includes(`xmpp:${bare(scene.recorded.jids[role])}`)) throw new Error(`The ${role}'s key is somebody else's`);
    const statement = frame("XTLS openpgp: I am at this end of this tunnel", role, bound);
    const signature = Buffer.from(textIn(message, "openpgp"), "base64");
    if (!isSigned(statement, signature, key)) throw new Error(`The ${role}'s signature is not over what it should be`);
    values[`what the ${role} signs`] = hex(statement);
  }
  return values;
}

// --- what all need ----------------------------------------------------------------------

/** Each piece after its length in 32 bits, big-endian; texts are UTF-8. */
function frame(...pieces: readonly (Buffer | string)[]): Buffer {
  return Buffer.concat(
    pieces.flatMap((piece) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(Buffer.byteLength(piece));
      return [length, Buffer.from(piece as string)];
    }),
  );
}

function textIn(element: XmlElement | undefined, name: string): string {
  if (element?.local !== name || element.namespace !== EXT) throw new Error(`<${element?.local}/> came where <${name}/> was due`);
  return textOf(element);
}

function hmac(key: Buffer, input: Buffer): Buffer {
  return createHmac("sha256", key).update(input).digest();
}

function bare(jid: string): string {
  return jid.slice(0, jid.indexOf("/"));
}

/** Octet by octet. */
function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function hex(bytes: Buffer): string {
  return bytes.toString("hex");
}

function same(found: string | undefined, expected: string, what: string): void {
  if (found !== expected) throw new Error(`It is not as the page has it: ${what} is ${found}, not ${expected}`);
}
