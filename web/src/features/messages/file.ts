import type { Message, MessageChannel } from '~/api/types'

/** How many of a channel wait, and those that were handed over. */
export function countsOf(items: Message[], channel: MessageChannel) {
  const mine = items.filter((message) => message.channel === channel)
  return {
    waiting: mine.filter((message) => message.status === 'waiting').length,
    gone: mine.filter((message) => message.status === 'handed_over'),
  }
}

/** The rows of the file for whoever sends them: a number as gateways take it, without the plus sign. */
export function rowsOf(messages: Message[], heading: [string, string, string]): string[][] {
  return [
    heading,
    ...messages.map(({ name, phone, text }) => [name, phone.replace(/^\+/, ''), text]),
  ]
}
