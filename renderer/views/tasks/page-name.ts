/** Whether a page of the user can have this name, as in main/environment/own-pages.ts. */
export function isPageName(name: string): boolean {
  return /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)
}
