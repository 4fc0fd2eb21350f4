/** The program's version, which package.json alone holds. */
import manifest from '../../package.json' with { type: 'json' }

export const VERSION: string = manifest.version
