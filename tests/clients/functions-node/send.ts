import { appendFile } from 'node:fs/promises';

// What the seed leaves open: a message is sent, which here is a line in a file.
export async function processMessage(message: { id: number; fails: boolean }): Promise<void> {
  if (message.fails) throw new Error('no such address');
  await appendFile(process.env.NOTES!, `${message.id}\n`);
}
