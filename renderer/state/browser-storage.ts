/** What a browser keeps for the window. It may be full: what is kept then is older, and the window goes on with what it has. */
import { createJSONStorage } from 'zustand/middleware'

/** The storage that `find` returns, for zustand's `persist`. Writing to it throws nothing. */
export function browserStorage(find: () => Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>) {
  return createJSONStorage<unknown>(() => {
    const storage = find()
    return {
      getItem: (name) => storage.getItem(name),
      removeItem: (name) => storage.removeItem(name),
      setItem(name, text) {
        try {
          storage.setItem(name, text)
        } catch {
          // Full. An error here would end whatever changed the state, such as a key in an editor.
        }
      },
    }
  })
}
