/**
 * Both know one password, once Romeo remembers it.
 */

import { srp } from "../../../bindings/node.ts";
import type { Name } from "../cast.ts";
import type { Stage } from "../stage.ts";
import { showStores } from "../stores.ts";
import type { Introduction } from "./introduction.ts";

const PASSWORD = "It was the nightingale";

export function sharedPassword(stage: Stage): Introduction {
  const memory: Record<Name, string> = { romeo: "It was the lark", juliet: PASSWORD };
  return {
    premise: "At the ball they agreed on a password. It never travels: each proves to know it (SRP-6a).",
    methodsOf: (name) => [srp({ core: stage.core, password: () => memory[name] })],
    async perform(romeo, juliet) {
      await stage.act("Romeo misremembers the password");
      for (const name of ["romeo", "juliet"] as const) stage.narrator.say("thinks", name, `"${memory[name]}"`);
      await stage.part(romeo, juliet, { romeo: ["not-authorized"], juliet: ["not-authorized"] });
      await showStores(stage, romeo, juliet);

      await stage.act("Romeo remembers");
      memory.romeo = PASSWORD;
      stage.narrator.say("thinks", "romeo", `"${memory.romeo}"`);
      return stage.meet(romeo, juliet);
    },
  };
}
