/** Both domains on Prosody, which need not encrypt what they say to each other. */
import { federation } from "./scenario.ts";

federation(["prosody", "prosody"], { encrypted: true });
federation(["prosody", "prosody"], { encrypted: false });
