/**
 * Two people who compare a short code (method `sas`), here on the telephone.
 *
 *     npx tsx examples/code.ts
 */

import { memoryStorage, remembered, sas, TrustStore } from "../bindings/node.ts";
import { enter, leave } from "./verona.ts";

/** What one of them reads out, and the other hears. */
function voice() {
  let say!: (words: string) => void;
  const heard = new Promise<string>((resolve) => (say = resolve));
  return { say, heard };
}

/** Where your application shows the code and asks: "does the other one see the same?" */
const comparing = (name: string, own: ReturnType<typeof voice>, other: ReturnType<typeof voice>) => ({
  trust: remembered(new TrustStore(memoryStorage())),
  methods: [
    sas({
      async confirm({ decimals, words, emoji }) {
        console.log(`${name} sees ${decimals}, or ${words.join(" ")}, or ${emoji.map(({ symbol }) => symbol).join("")}`);
        own.say(decimals);
        return (await other.heard) === decimals;
      },
    }),
  ],
});

const [his, hers] = [voice(), voice()];
const romeo = await enter("romeo", "orchard", comparing("romeo", his, hers));
const juliet = await enter("juliet", "balcony", comparing("juliet", hers, his));
for (const meeting of ["first", "second"]) {
  const tunnel = await romeo.tunnels.open(juliet.address);
  console.log(`${meeting} meeting: ${tunnel.security?.trust}, by ${tunnel.security?.method}`);
  await tunnel.close();
}
await leave();
