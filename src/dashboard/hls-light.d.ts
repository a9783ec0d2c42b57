/** The light build has the same interface, but the package declares types only for the full build. */
declare module 'hls.js/light' {
  export { default } from 'hls.js';
}
