/** Sets the clock of this process, and of nothing else, so many milliseconds ahead. What counts time (`performance`, timers) goes on. */
export function setClock(ahead: number): void {
  globalThis.Date = new Proxy(RealDate, {
    construct: (real, args, target) =>
      Reflect.construct(real, args.length === 0 ? [RealDate.now() + ahead] : args, target) as Date,
    get: (real, name, receiver) =>
      name === 'now' ? () => RealDate.now() + ahead : (Reflect.get(real, name, receiver) as unknown),
  })
}

const RealDate = Date
