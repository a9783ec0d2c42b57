import type { Reporter, TestModule } from 'vitest/node';

/** Prints `N passed, N failed` at the end. */
class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = (state: 'passed' | 'failed') =>
      modules.flatMap((module) => [...module.children.allTests(state)]).length;
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0);
    console.log(`${count('passed')} passed, ${count('failed') + broken.length} failed`);
  }
}

// vitest takes a reporter from its configuration as the default export of a module.
// biome-ignore lint/style/noDefaultExport: see above
export default ClosingLine;
