/** How several processes train one model. Re-exports only. */
export { localExchange, type Exchange } from "./exchange.js";
