// @ts-check

/** Rest after a key before the service is asked, in milliseconds: a list is not worth a request a key. */
export const REST_MS = 200;
