/** The integer type of AssemblyScript, for the files that both compilers read (scratch-layout.ts): a number here. */
declare type i32 = number;
