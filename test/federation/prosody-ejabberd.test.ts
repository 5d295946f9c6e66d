/** A domain on Prosody and one on ejabberd. */
import { federation } from "./scenario.ts";

federation(["prosody", "ejabberd"], { encrypted: true });
