// @ts-check
// The studio's page: the token of the link, if there is one, then the shell.

import { Api } from "./api.js";
import { Studio } from "./shell.js";
import { keepToken } from "./token.js";

keepToken();
const studio = new Studio(new Api(), document.body);
await studio.start();
