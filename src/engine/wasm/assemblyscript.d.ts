/** The integer type of AssemblyScript, for the files that both compilers read (attention-scratch.ts, scratch-layout.ts): a number here. */
declare type i32 = number;
