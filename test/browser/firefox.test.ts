/** The scenario in Firefox. */

import { scenario } from "./scenario.ts";

scenario("firefox-esr");
