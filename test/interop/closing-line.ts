import type { Reporter, TestModule } from 'vitest/node';

/** Writes `N passed, N failed` when all is over. */
class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const count = (state: 'passed' | 'failed') =>
      modules.flatMap((module) => [...module.children.allTests(state)]).length;
    const broken = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0);
    console.log(`${count('passed')} passed, ${count('failed') + broken.length} failed`);
  }
}

// vitest takes a reporter of its configuration as a module's default export.
// biome-ignore lint/style/noDefaultExport: see above
export default ClosingLine;
