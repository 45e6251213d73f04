// Pages without an account: nothing but drafts and the guard against sending twice.
import { startDrafts } from "./drafts.js";
import { startBusyGuard, startSubmitOnce } from "./submit.js";

startBusyGuard();
startDrafts();
startSubmitOnce();
