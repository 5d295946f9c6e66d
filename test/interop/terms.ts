/**
 * The matrix: on what terms our engine meets the other programs, and how a meeting goes.
 */

import { X509Certificate } from "node:crypto";

import { Core, type EngineOptions, type Group, type Identity } from "../../bindings/node.ts";
import { CIPHERSUITES, GROUPS } from "../../bindings/tls/names.ts";
import { assert } from "../suite.ts";
import { Issuer, xmppAddr, type Issued, type KeyKind } from "../tls/issuer.ts";
import { dial, Door, type Bridge, type BridgeOptions } from "./bridge.ts";
import { EXPORTED, LABEL, PROTOCOL, type Counterpart, type Lack, type Program, type Terms } from "./counterpart.ts";
import { go, java, openssl35, wolfssl } from "./library-programs.ts";
import { nodeTls } from "./node-tls.ts";
import { nss } from "./nss.ts";
import { gnutls, openssl } from "./programs.ts";

/** The other implementations; LONG=1 for those as well that take their time. */
export const PROGRAMS: readonly Program[] = [
  ...[openssl, openssl35, gnutls, nodeTls, nss, wolfssl],
  ...(process.env.LONG === "1" ? [java, go] : []),
];

/** Whether a program can do this. */
export const knows = ({ lacks = [] }: Program, what: Lack): boolean => !lacks.includes(what);

export type Role = "initiator" | "responder";

/** One cell: both ends have a certificate of this kind and negotiate this. */
export interface Cell {
  readonly suite: string;
  readonly group: Group;
  readonly kind: KeyKind;
}

const KINDS: readonly KeyKind[] = ["P-256", "P-384", "RSA-2048"];
const SUITES = Object.keys(CIPHERSUITES);
const USUAL: Cell = { suite: SUITES[0] as string, group: "X25519", kind: "P-256" };

/** Every suite, every group and every kind of certificate. */
export const CELLS: readonly Cell[] = distinct([
  ...SUITES.map((suite) => ({ ...USUAL, suite })),
  ...(Object.keys(GROUPS) as Group[]).map((group) => ({ ...USUAL, group })),
  ...KINDS.map((kind) => ({ ...USUAL, kind })),
]);

function distinct(cells: readonly Cell[]): readonly Cell[] {
  return [...new Map(cells.map((cell) => [JSON.stringify(cell), cell])).values()];
}

/** The people of a meeting: an authority, and certificates of each kind for both ends. */
export class Cast {
  readonly core: Core;
  readonly issuer = new Issuer();
  readonly authority = this.issuer.authority("Root of Verona");
  readonly stranger = this.issuer.authority("Root of Mantua");
  readonly #theirs = new Map<KeyKind, Issued>();
  readonly #ours = new Map<KeyKind, Identity>();

  constructor(core: Core) {
    this.core = core;
  }

  theirs(kind: KeyKind = "P-256"): Issued {
    const issued =
      this.#theirs.get(kind) ??
      this.issuer.issue("peer", { kind, names: [xmppAddr("peer@example.org"), "DNS:localhost"], by: this.authority });
    this.#theirs.set(kind, issued);
    return issued;
  }

  ours(kind: KeyKind = "P-256"): Identity {
    const make = () =>
      this.core.identityFromPEM(
        this.issuer.issue("own", { kind, names: [xmppAddr("own@example.org"), "DNS:localhost"], by: this.authority })
          .pem,
      );
    const identity = this.#ours.get(kind) ?? make();
    this.#ours.set(kind, identity);
    return identity;
  }

  dispose(): void {
    this.issuer.dispose();
  }
}

/** The two ends of one connection. */
export interface Meeting {
  readonly bridge: Bridge;
  readonly counterpart: Counterpart;
}

/** Brings our engine in this role and the program together; both are gone when `body` is over. */
export async function meet(
  program: Program,
  role: Role,
  cast: Cast,
  terms: Terms,
  options: Partial<EngineOptions> & BridgeOptions,
  body: (meeting: Meeting) => Promise<void>,
): Promise<void> {
  const { chunk, ...rest } = options;
  const engine = () =>
    cast.core.engine({ role, identity: cast.ours(), alpn: [PROTOCOL], ...rest });
  const through = chunk === undefined ? {} : { chunk };
  const complete = { own: cast.theirs(), ...terms };
  if (role === "initiator") return meetServer(await program.serve(complete), engine, through, body);
  const door = await Door.open(engine, through);
  const counterpart = await program.connect(door.port, complete);
  try {
    await body({ bridge: await door.next(), counterpart });
  } finally {
    counterpart.stop();
    door.dispose();
  }
}

async function meetServer(
  counterpart: Counterpart,
  engine: () => ReturnType<Core["engine"]>,
  options: BridgeOptions,
  body: (meeting: Meeting) => Promise<void>,
): Promise<void> {
  const bridge = await dial(counterpart.port, engine(), options);
  try {
    await body({ bridge, counterpart });
  } finally {
    bridge.dispose();
    counterpart.stop();
  }
}

/** A whole conversation in one cell: the right parameters, equal keys, words each way, a clean end. */
export async function converse(program: Program, role: Role, cast: Cast, cell: Cell): Promise<void> {
  const own = cast.theirs(cell.kind);
  const groups = [cell.group];
  const terms = { suite: cell.suite, groups, own };
  // Who chooses the suite: the program, if it can, so that ours has all on offer.
  const suites = knows(program, "suites") ? {} : { ciphersuites: [cell.suite] };
  await meet(
    program,
    role,
    cast,
    terms,
    { identity: cast.ours(cell.kind), groups, ...suites },
    async ({ bridge, counterpart }) => {
      await bridge.opened();
      assert.equal(bridge.engine.negotiated, {
        version: "TLSv1.3",
        ciphersuite: cell.suite,
        group: cell.group,
        alpn: knows(program, "alpn") ? PROTOCOL : undefined,
        resumed: false,
      });
      assert.is(bridge.engine.peer?.fingerprint, fingerprint(own));
      await exchangeWordsAndKeys(program, { bridge, counterpart });
    },
  );
}

/** Says something each way; ours ends with an empty line, for which selfserv waits. */
export async function exchangeWords({ bridge, counterpart }: Meeting, words = "Call me but love"): Promise<void> {
  bridge.say(`${words}\n\n`);
  await counterpart.heard(words);
  counterpart.say("and be new baptized\n");
  await bridge.heard(counterpart.isEcho ? words : "and be new baptized");
}

/** Says something each way and ends it, after which both ends have exported the same: we before selfserv leaves, tstclnt at its end. */
export async function exchangeWordsAndKeys(program: Program, meeting: Meeting): Promise<void> {
  const ours = exportedBy(meeting.bridge);
  await exchangeWords(meeting);
  const [theirs] = await Promise.all([
    knows(program, "exporter") ? meeting.counterpart.exported() : ours,
    part(meeting),
  ]);
  assert.is(ours, theirs);
}

/** Ends it with a close_notify each way; they may cross. */
export async function part({ bridge, counterpart }: Meeting): Promise<void> {
  if (counterpart.isPolite) bridge.close();
  counterpart.close();
  await bridge.closed();
}

export const fingerprint = (issued: Issued): string => new X509Certificate(issued.certificate).fingerprint256;

/** Hex of what our end exports. */
export const exportedBy = ({ engine }: Bridge): string =>
  Buffer.from(engine.exportKeyingMaterial(LABEL, undefined, EXPORTED)).toString("hex");
