/** OpenPGP keys for people who know each other's. */

import { generateKey } from "openpgp";

import type { OpenPgpOptions } from "../../bindings/methods/openpgp.ts";

/** A key for each bare JID. @returns what each of them knows */
export async function keyring(...jids: readonly string[]): Promise<(jid: string) => OpenPgpOptions> {
  const pairs = new Map(
    await Promise.all(
      jids.map(async (jid) => {
        const { privateKey, publicKey } = await generateKey({ userIDs: [{ name: `xmpp:${jid}` }], format: "armored" });
        return [jid, { privateKey, publicKey }] as const;
      }),
    ),
  );
  return (jid) => ({
    key: pairs.get(jid)?.privateKey as string,
    known: (peer) => {
      const known = pairs.get(peer)?.publicKey;
      return known === undefined ? [] : [known];
    },
  });
}
