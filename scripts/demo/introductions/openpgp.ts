/**
 * Both have OpenPGP keys, and each other's public one.
 */

import { generateKey } from "openpgp";
import { openpgp } from "../../../bindings/node.ts";
import type { Name } from "../cast.ts";
import type { Stage } from "../stage.ts";
import type { Introduction } from "./introduction.ts";

export async function openpgpKeys(stage: Stage): Promise<Introduction> {
  const keys = { romeo: await makeKey(stage, "romeo"), juliet: await makeKey(stage, "juliet") };
  const others = { romeo: keys.juliet, juliet: keys.romeo };
  return {
    premise: "They exchanged OpenPGP keys at the ball. Each signs which tunnel this is, and which end.",
    methodsOf: (name) => [openpgp({ key: keys[name].privateKey, known: () => others[name].publicKey })],
    async perform(romeo, juliet) {
      await stage.act("Two keys, two signatures");
      for (const name of ["romeo", "juliet"] as const)
        stage.narrator.say("has", name, `${keys[name].fingerprint}  ${keys[name].userId}`);
      return stage.meet(romeo, juliet);
    },
  };
}

interface OpenPgpPair {
  readonly userId: string;
  /** Upper-case hex. */
  readonly fingerprint: string;
  /** ASCII armor. */
  readonly privateKey: string;
  readonly publicKey: string;
}

/** A key that says for which JID it speaks. */
async function makeKey({ homes }: Stage, name: Name): Promise<OpenPgpPair> {
  const userId = `xmpp:${name}@${homes[name].domain}`;
  const { privateKey } = await generateKey({ type: "curve25519", userIDs: { name: userId }, format: "object" });
  const fingerprint = privateKey.getFingerprint().toUpperCase();
  return { userId, fingerprint, privateKey: privateKey.armor(), publicKey: privateKey.toPublic().armor() };
}
