import { ApiError } from '~/api/error'
import type { BasketLine, Outcome, SubReason, WrapUp, WrapUpPatch } from '~/api/types'
import { storage } from '~/lib/storage'
import { createStore, type Store } from '~/lib/store'

/**
 * What the agent has written about a task but not completed, held outside React.
 *
 * The server holds it too: every change is sent after a short pause, and at once when the page goes away. Until
 * the server has it, it is also in this browser, so that neither a lost line nor a crash loses a word.
 */
export interface Fields {
  notes: string
  outcome: Outcome | null
  subReason: SubReason | null
  followUpAt: string | null
  basket: BasketLine[]
}

export type SaveState = 'clean' | 'waiting' | 'saving' | 'saved' | 'offline' | 'refused'

export interface Draft extends Fields {
  taskId: number
  state: SaveState
}

export const EMPTY: Fields = {
  notes: '',
  outcome: null,
  subReason: null,
  followUpAt: null,
  basket: [],
}

type Save = (taskId: number, patch: WrapUpPatch, leaving: boolean) => Promise<WrapUp | undefined>

const PAUSE = 600
const RETRY = 3000

interface Entry {
  pending: Partial<Fields>
  inFlight: Promise<void> | null
  timer: ReturnType<typeof setTimeout> | undefined
}

export class Drafts {
  private readonly stores = new Map<number, Store<Draft>>()
  private readonly entries = new Map<number, Entry>()
  private readonly save: Save
  /** Told what the server holds now, so that an older reading cannot take its place. */
  onSaved: (wrapUp: WrapUp) => void = () => {}

  constructor(save: Save) {
    this.save = save
  }

  of(taskId: number): Store<Draft> {
    let store = this.stores.get(taskId)
    if (!store) {
      const unsent = this.unsent(taskId)
      store = createStore<Draft>({
        taskId,
        ...EMPTY,
        ...unsent,
        state: unsent ? 'waiting' : 'clean',
      })
      this.stores.set(taskId, store)
      if (unsent) {
        this.entry(taskId).pending = unsent
        this.schedule(taskId, 0)
      }
    }
    return store
  }

  /** The server's version; what is typed here and not yet sent stands above it. */
  adopt(wrapUp: WrapUp): void {
    const store = this.of(wrapUp.taskId)
    const { pending, inFlight } = this.entry(wrapUp.taskId)
    // The answer to a save that is under way will be newer than what was read before it.
    if (inFlight) return
    store.set((draft) => ({
      ...draft,
      notes: wrapUp.notes ?? '',
      outcome: wrapUp.outcome ?? null,
      subReason: wrapUp.subReason ?? null,
      followUpAt: wrapUp.followUpAt ?? null,
      basket: wrapUp.basket ?? [],
      ...pending,
    }))
  }

  edit(taskId: number, patch: Partial<Fields>): void {
    const entry = this.entry(taskId)
    entry.pending = { ...entry.pending, ...patch }
    storage.set(`draft.${taskId}`, JSON.stringify(entry.pending))
    this.of(taskId).set((draft) => ({ ...draft, ...patch, state: 'waiting' }))
    this.schedule(taskId, PAUSE)
  }

  /** Sends what is not sent; resolves when it arrived or could not. */
  async flush(taskId: number, leaving = false): Promise<void> {
    const entry = this.entry(taskId)
    clearTimeout(entry.timer)
    if (entry.inFlight && !leaving) await entry.inFlight
    const patch = entry.pending
    if (Object.keys(patch).length === 0) return
    entry.pending = {}
    this.mark(taskId, 'saving')
    entry.inFlight = this.save(taskId, patch, leaving)
      .then((wrapUp) => {
        if (wrapUp) this.onSaved(wrapUp)
        if (Object.keys(entry.pending).length === 0) {
          storage.set(`draft.${taskId}`, null)
          this.mark(taskId, 'saved')
        }
      })
      .catch((error: unknown) => {
        entry.pending = { ...patch, ...entry.pending }
        const offline = !(error instanceof ApiError) || error.offline || error.status >= 500
        this.mark(taskId, offline ? 'offline' : 'refused')
        if (offline) this.schedule(taskId, RETRY)
      })
      .finally(() => {
        entry.inFlight = null
      })
    await entry.inFlight
  }

  flushAll(leaving = false): void {
    for (const taskId of this.entries.keys()) void this.flush(taskId, leaving)
  }

  /** Completed or no longer mine: nothing is kept. */
  drop(taskId: number): void {
    clearTimeout(this.entries.get(taskId)?.timer)
    this.entries.delete(taskId)
    this.stores.delete(taskId)
    storage.set(`draft.${taskId}`, null)
  }

  private mark(taskId: number, state: SaveState): void {
    this.stores.get(taskId)?.set((draft) => ({ ...draft, state }))
  }

  private schedule(taskId: number, ms: number): void {
    const entry = this.entry(taskId)
    clearTimeout(entry.timer)
    entry.timer = setTimeout(() => void this.flush(taskId), ms)
  }

  private entry(taskId: number): Entry {
    let entry = this.entries.get(taskId)
    if (!entry) {
      entry = { pending: {}, inFlight: null, timer: undefined }
      this.entries.set(taskId, entry)
    }
    return entry
  }

  private unsent(taskId: number): Partial<Fields> | null {
    try {
      const saved = storage.get(`draft.${taskId}`)
      return saved ? (JSON.parse(saved) as Partial<Fields>) : null
    } catch {
      return null
    }
  }
}
