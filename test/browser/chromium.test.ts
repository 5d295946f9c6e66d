/** The scenario in Chromium. */

import { scenario } from "./scenario.ts";

scenario("chromium");
