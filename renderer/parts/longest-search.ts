/** Most letters that the lab searches for, as in main/rpc. */
export const LONGEST_SEARCH = 200
