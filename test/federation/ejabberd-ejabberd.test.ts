/** A domain on ejabberd and one on ejabberd. */
import { federation } from "./scenario.ts";

federation(["ejabberd", "ejabberd"], { encrypted: true });
