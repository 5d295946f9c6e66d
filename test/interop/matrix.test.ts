import { loadCore } from "../module.ts";
import { suite } from "../suite.ts";
import { Cast, CELLS, converse, PROGRAMS } from "./terms.ts";

const test = suite("matrix");
const cast = new Cast(await loadCore());
test.after(() => cast.dispose());

for (const program of PROGRAMS) {
  for (const role of ["initiator", "responder"] as const) {
    for (const cell of CELLS) {
      const { suite: name, group, kind } = cell;
      test(`meets ${program.name} as ${role}: ${name}, ${group}, ${kind}`, () =>
        converse(program, role, cast, cell));
    }
  }
}

test.run();
