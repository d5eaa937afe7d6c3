/** Says in the log, once each, what an operator must hear of the key that the node signs checkpoints with. */
import type { Logger } from 'pino';
import { toHex } from '../core/bytes/text.ts';
import type { KeyLoss, SigningStatus } from '../core/client/protocol.ts';

const WHY: { readonly [L in KeyLoss]: string } = {
  missing: 'the directory had no file SIGNING',
  unreadable: 'the file SIGNING could not be read',
  damaged: 'the file SIGNING is damaged',
  foreign: 'the file SIGNING is another node’s',
  contradicted: 'the log of a vault is not the one that was signed: was an old image of a disk put back?',
};

export class KeyNotice {
  private readonly status: () => SigningStatus | undefined;
  private readonly log: Logger;
  private said: string = '';

  constructor(status: () => SigningStatus | undefined, log: Logger) {
    this.status = status;
    this.log = log;
  }

  /** To be called after every turn. */
  notice(): void {
    const signing = this.status();
    if (signing === undefined || !signing.registered) return;
    const { publicKey, loss } = signing;
    const key = toHex(publicKey);
    if (key === this.said) return;
    this.said = key;
    if (loss === undefined) return;
    const isFirst = loss === 'missing' && !signing.replaced;
    if (isFirst) this.log.info({ publicKey: key }, 'this node signs checkpoints with a new key');
    else {
      this.log.warn(
        { publicKey: key, loss },
        `this node signs checkpoints with another key than before, because ${WHY[loss]}; clients that pin keys need the new one: vouch checkpoint keys`,
      );
    }
  }
}
