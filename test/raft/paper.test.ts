/**
 * The Raft paper and thesis as tests, bullet by bullet, each citing its section; by topic in the folder of the same name.
 * docs/internals/paper.md lists them all.
 */
import './paper/figure-2.ts';
import './paper/figure-2-rules.ts';
import './paper/figures-7-8.ts';
import './paper/membership.ts';
import './paper/snapshots.ts';
import './paper/thesis.ts';
