/** `vouch audit`: takes a vault's history out of a cluster, and executes it again where there is none. */
import type { Command } from 'commander';
import { type ExportOptions, exportAudit } from './audit-export.ts';
import { type VerifyAuditOptions, verifyAudit } from './audit-verify.ts';
import { interruptible } from './interruption.ts';
import { withRemoteOptions } from './remote.ts';

export function addAuditCommands(program: Command): void {
  const audit = program
    .command('audit')
    .description('a vault’s whole history in one file, and its verification without a cluster');
  withRemoteOptions(
    audit
      .command('export')
      .description('write every block of a vault to one file, while the cluster runs')
      .option('--vault <name|id>', 'the vault (VOUCH_VAULT)')
      .option('-o, --out <file>', 'the file to write')
      .option('--partial', 'of blocks whose transactions the vault has dropped, the headers')
      .option('--min-signatures <k>', 'with a checkpoint that at least so many nodes have signed; else a majority')
      .option('--no-checkpoint', 'without one: then only a hash from elsewhere authenticates the file')
      .option('--force', 'replace the file if it exists, once the new one is whole'),
  )
    .addHelpText('after', '\nExample:\n  vouch audit export --vault docs -o docs.audit\n  vouch audit verify docs.audit')
    .action((options: ExportOptions) => interruptible((interruption) => exportAudit(options, interruption)));
  audit
    .command('verify')
    .description('execute a vault’s blocks again, offline; exit 0 = all of it holds, 1 = it is refused, with height and reason')
    .argument('<file>', 'what vouch audit export wrote')
    .option('--block <hex>', 'a block hash that you have from elsewhere: authenticates everything up to that block')
    .option('--log-root <hex>', 'a root of the log, as checkpoints have it: authenticates everything up to its size')
    .option('--root <hex>', 'the newest tree root: authenticates the contents, not how they came about')
    .option('--keys <file>', 'the policy with the pinned origin, keys and quorum: the chain must end in what they have signed')
    .option('--checkpoint <file>', 'with --keys: a signed checkpoint in place of the one in the file, such as a newer one')
    .option('--partial', 'accept a file with headers alone: verifies the chain, and not the state')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  vouch audit verify docs.audit --keys policy.txt')
    .action((file: string, options: VerifyAuditOptions) =>
      interruptible((interruption) => verifyAudit(file, options, interruption)),
    );
}
